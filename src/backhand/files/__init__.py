"""Files and folders: written whole or not at all, and found where people and systems keep them."""
