"""What people write in the demo's files, in the language of each country."""
