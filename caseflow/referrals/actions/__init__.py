"""What is done with referrals: the sender's half and the receiver's half."""
