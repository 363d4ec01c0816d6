"""The forms of the sender and of the receiver."""
