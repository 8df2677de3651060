# attempts: replace what an encoder may call
# expected: result {"a":[1,"x"]}
str = int = list = dict = isinstance = len = repr = lambda *a: 1 / 0
result = {'a': [1, 'x']}
