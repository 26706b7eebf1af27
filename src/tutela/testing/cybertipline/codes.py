"""Response codes, as the documentation of the reporting service lists them."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """What a reply says; each with the description that goes with it."""

    SUCCESS = 0, "Success"
    SERVER_ERROR = 1000, "Server error"
    SAVE_FAILED = 1100, "Save failed"
    UPLOAD_FAILED = 1110, "Upload failed"
    FILE_UPLOAD_FAILED = 1111, "File upload failed"
    NOT_FOUND = 1210, "Resource not found"
    UPDATE_FAILED = 1300, "Update failed"
    UNAUTHENTICATED = 2000, "Authentication required"
    UNAUTHORIZED = 3000, "Not authorized"
    NOT_FOR_SUBMISSIONS = 3100, "Not authorized for submissions"
    NOT_FOR_UPDATES = 3300, "Not authorized for updates"
    INVALID_REQUEST = 4000, "Invalid request"
    INVALID = 4100, "Validation failed"
    MALFORMED = 4110, "Malformed XML"
    MALFORMED_FILE = 4200, "Malformed file"
    NO_REPORT = 5001, "Report does not exist"
    NO_FILE = 5002, "File does not exist"
    RETRACTED = 5101, "Report already retracted"
    FINISHED = 5102, "Report already finished"

    description: str

    def __new__(cls, number: int, description: str) -> Code:
        made = int.__new__(cls, number)
        made._value_ = number
        made.description = description
        return made


class Refused(Exception):
    """What was asked for is not done."""

    def __init__(self, code: Code, why: str = "") -> None:
        super().__init__(why)
        self.code = code
        self.description = f"{code.description}: {why}" if why else code.description
