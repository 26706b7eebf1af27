"""Servers that stand in for those whom lists are fetched from. NONE is theirs, and what they hold
are random digests.

    with Ncmec(clock=clock) as server:
        server.put("42", "image1", md5="…")
        server.misbehave("unavailable", times=2)
        …  # a client of server.url

`tutela testserver ncmec-hashes`, `stopncii`, `arachnid` and `photodna` run one each.
"""

from tutela.testing.hash_sharing.arachnid import Arachnid
from tutela.testing.hash_sharing.ncmec import Ncmec
from tutela.testing.hash_sharing.photodna import PhotoDna
from tutela.testing.hash_sharing.stand import UnknownMisbehaviour
from tutela.testing.hash_sharing.stopncii import StopNcii

__all__ = ["Arachnid", "Ncmec", "PhotoDna", "StopNcii", "UnknownMisbehaviour"]
