# attempts: loop for ever while a value is shown
# expected: time-limit|exception
# limits: seconds=0.5
class Long:
    def __str__(self):
        while True:
            pass
result = str(Long())
