"""What tests of evidence share."""
