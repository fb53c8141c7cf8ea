"""The log in PostgreSQL: ordered append, record time, tailing, digests, the embedded server.

This package stores events and knows nothing of what they say.
"""
