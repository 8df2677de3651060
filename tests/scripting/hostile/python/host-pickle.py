# attempts: load a pickle
# expected: exception
import pickle
pickle.loads(b'cos\nsystem\n(S\'id\'\ntR.')
