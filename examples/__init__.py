"""The record that Dateline ships with; `README.md` says where it comes from."""
