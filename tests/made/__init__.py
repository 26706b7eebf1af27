"""Pictures made by code: stored in every form, damaged, or far larger than they look."""
