# attempts: reach all objects
# expected: exception
import gc
result = gc.get_objects()
