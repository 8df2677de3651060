# attempts: return an object that pretends to be a text
# expected: result-not-json
class Text:
    def __str__(self):
        return '{}'
result = Text()
