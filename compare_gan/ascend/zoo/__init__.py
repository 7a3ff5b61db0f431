"""Model cards: one file each, which says what the flags of a card mean here."""
