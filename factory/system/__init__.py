"""The pages about the product itself: what runs, how well, on what, and who did what."""
