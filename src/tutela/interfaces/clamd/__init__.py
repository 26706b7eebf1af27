"""What speaks clamd's protocol, so that anything with a ClamAV hook screens with no new code."""
