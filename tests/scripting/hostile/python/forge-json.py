# attempts: replace the encoder of the result
# expected: result {"real":1}
class json:
    pass
json.dumps = lambda *a, **k: '{"forged":true}'
result = {'real': 1}
