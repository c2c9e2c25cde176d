"""torture: each call of a program that can fail fails once, alone, under real work. scripts/torture runs it."""
