"""Other people's formats, in and out. Every reader yields items or refusals and never stops."""
