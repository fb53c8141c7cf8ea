"""The words and the rules of a record of reporting. No I/O, no SQL."""
