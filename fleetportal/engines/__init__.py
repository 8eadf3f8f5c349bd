"""The servers the portal runs on when no others are named, and the processes of the portal itself (decision 0001)."""
