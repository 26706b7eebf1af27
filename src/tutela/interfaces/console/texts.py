"""What the console says: translated by gettext, from English, which is its source.

`locale/tutela.pot` has every text (a test compares). What the domain says of an error is English
only, since it is one sentence with its command line and its API.
"""

from __future__ import annotations

import gettext as gettext_library
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).with_name("locale")
DOMAIN = "tutela"


@cache
def _translations(language: str) -> gettext_library.NullTranslations:
    return gettext_library.translation(DOMAIN, LOCALES, [language], fallback=True)


def gettext(message: str) -> str:
    """The message in the language of the console: English until others are translated."""
    return _translations("en").gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return _translations("en").ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's name for "to be translated later"
    """Marks a text for translation where it is written, not where it is shown."""
    return message


SAID = {
    "signed.out": N_("You are signed out."),
    "session.ended": N_("The session was ended."),
    "sessions.ended": N_("All your other sessions were ended."),
    "password.changed": N_("Your password was changed. All your other sessions were ended."),
    "totp.added": N_("The authenticator app was added."),
    "totp.removed": N_("The authenticator app was removed. All your other sessions were ended."),
    "passkey.added": N_("The passkey was added."),
    "passkey.removed": N_("The passkey was removed. All your other sessions were ended."),
    "zone.changed": N_("Times are shown in your zone from now on."),
    "oidc.linked": N_("Your account is linked: you can sign in with your organisation."),
    "oidc.unlinked": N_("Your account is no longer linked to your organisation's sign-in."),
    "person.disabled": N_("The account was disabled, and its sessions were ended."),
    "person.enabled": N_("The account works again."),
    "person.described": N_("The name was changed."),
    "person.sessions": N_("All their sessions were ended."),
    "link.withdrawn": N_("The link does not work any more."),
    "roles.set": N_("The roles were changed. They hold from the next page on."),
    "role.saved": N_("The role was saved. It holds at once for all who have it."),
    "role.deleted": N_("The role was deleted."),
    "key.revoked": N_("The key was revoked: it opens nothing any more."),
    "approval.given": N_("You approved it. Who asked can now have it done, once."),
    "approval.withdrawn": N_("You took it back."),
    "approval.refused": N_("You refused it. It will not be done."),
    "approval.reviewed": N_("You reviewed it."),
    "bank.created": N_("The bank was created."),
    "bank.changed": N_("The bank was changed."),
    "bank.enabled": N_("The bank is enabled: what it holds matches again."),
    "bank.disabled": N_("The bank is disabled: what it holds matches no more."),
    "bank.deleted": N_("The bank was deleted."),
    "policy.applied": N_("The policy was applied. It decides from now on."),
    "law.signed": N_("You signed the rule, as it is now."),
    "law.withdrawn": N_("The signature was withdrawn."),
    "law.reviewed": N_("It is recorded that it was reviewed today."),
    "record.explained": N_("It is recorded why it was changed."),
    "look.begun": N_("The item is yours to look at."),
    "look.none": N_("Nothing waits for you as a second person."),
    "look.concluded": N_("Your conclusion is recorded."),
    "look.back": N_("It was given back. You are not asked about it again."),
    "case.none": N_("No case waits for you here."),
    "case.take": N_("The case is yours."),
    "case.take-over": N_("You took the case over. That is written down."),
    "case.renew": N_("The case is yours for longer."),
    "case.release": N_("The case is back in its queue."),
    "case.skip": N_("The case is back in its queue. You are not given it again in this shift."),
    "case.assign": N_("It was written down whose case it is."),
    "case.move": N_("The case was moved."),
    "case.escalate": N_("The case was escalated."),
    "case.comment": N_("Your colleagues see it."),
    "case.close": N_("The case was closed."),
    "case.reopen": N_("The case is open again, and yours."),
    "case.role": N_("It was written down who the subject is."),
    "case.lift-hold": N_("The hold was lifted."),
    "case.restore-hold": N_("The hold is on again."),
    "case.detach": N_("The alert was taken off. It is kept."),
    "case.attach": N_("The alert was put on the case."),
    "alarm.closed": N_("The alarm was closed."),
    "message.resent": N_("The message will be sent again."),
    "messages.resent": N_("All dead messages of the endpoint will be sent again."),
    "messages.none": N_("The endpoint has no dead message."),
    "endpoint.disabled": N_("The endpoint is disabled: nothing more is sent there."),
    "endpoint.enabled": N_("The endpoint is told again what happens from now on."),
    "view.limit": N_("No case is given to you for now, unless a child is in danger."),
    "wishes.saved": N_("It was saved. It holds from now on."),
    "decision.made": N_("It was decided. You can take it back for a while."),
    "decision.undone": N_("It was taken back, with all that followed."),
    "decision.reconfirmed": N_("It stays in your own bank for the whole time again."),
    "appeal.settled": N_("The appeal was decided."),
    "strike.ended": N_("The strike was ended."),
    "report.drafted": N_("The report is drafted. Nothing was sent."),
    "report.changed": N_("The report was changed."),
    "report.reason": N_("It was written down why it is not held."),
    "report.left": N_("The file does not go along."),
    "report.attached": N_("The paper goes along. It is sealed."),
    "report.queued": N_("The report is sent as soon as its turn comes."),
    "report.again": N_("The report is tried again."),
    "report.answered": N_("It was answered."),
    "report.declared": N_("The report is declared to be complete, in your name."),
    "report.recorded": N_("The reference is recorded: the report is filed."),
    "report.withdrawn": N_("The report was withdrawn."),
    "credentials.set": N_("The credentials are set. Reports that waited for them go on."),
    "schema.pinned": N_("The schema is accepted."),
    "production.allowed": N_("Reports may go to the authority itself, if the settings say so."),
    "production.stopped": N_("Nothing goes to the authority itself any more."),
    "exchange.added": N_("The exchange was added."),
    "exchange.asked": N_("It is fetched as soon as the worker can."),
    "exchange.paused": N_("Nothing is fetched until it is resumed. What was fetched matches."),
    "exchange.resumed": N_("It is fetched again."),
    "exchange.secrets": N_("The secrets are set. It is fetched with them now."),
    "exchange.released": N_("The deletions may pass. It is fetched again."),
    "exchange.left": N_("The programme was left. Nothing of it matches any more."),
    "preservation.recorded": N_("It was recorded, and what it asks for is done or waits."),
    "preservation.ended": N_("It was ended. Other clocks run on."),
    "preservation.released": N_("The time after the report is ended on what is to be destroyed."),
    "second.asked": N_("You asked for it. It waits below until someone else agrees."),
    "second.waits": N_("Nobody agreed yet, or who did may no longer: it still waits."),
}
"""What a page may be told to say after a redirect: a table, lest a link make it say more."""


def said(key: str) -> str:
    """The message of a key; empty for one that is none."""
    return gettext(SAID[key]) if key in SAID else ""


ACTS = {
    "exchange.release": N_("Let deletions of a partner pass"),
    "exchange.leave": N_("Leave a partner's programme"),
    "item.release": N_("Release the items"),
    "item.confirm": N_("Confirm the items"),
    "appeal.overturn": N_("Overturn the decision"),
    "report.send": N_("Send the report"),
    "report.allow-production": N_("Let reports go to the authority itself"),
    "bank.change": N_("Change the bank"),
    "bank.export": N_("Export the bank"),
    "bank.delete": N_("Delete the bank"),
    "policy.apply": N_("Apply the policy"),
    "person.roles": N_("Set the roles"),
    "role.change": N_("Change the role"),
    "view.original": N_("See the original"),
}
"""Acts that take two people, as one would say them; others are called as in the audit log."""


def act(name: str) -> str:
    """What an act that takes two people is called."""
    return gettext(ACTS[name]) if name in ACTS else name
