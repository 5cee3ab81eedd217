"""Language-model parts shared by the text systems."""
