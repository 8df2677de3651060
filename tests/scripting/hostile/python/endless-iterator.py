# attempts: return an iterator that never ends
# expected: time-limit|exception|memory-limit
# limits: seconds=2
class Ones:
    def __iter__(self):
        return self
    def __next__(self):
        return 1
for one in Ones():
    pass
