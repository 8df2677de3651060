# attempts: loop for ever in a comparison
# expected: time-limit|exception
# limits: seconds=0.5
def key(value):
    while True:
        pass
sorted([3, 1, 2], key=key)
