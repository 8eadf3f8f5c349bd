"""The kernel: tenancy, access, lifecycle, pages, work, audit. It imports no other app."""
