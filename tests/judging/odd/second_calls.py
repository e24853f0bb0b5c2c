"""Right backward passes that write into their cache, and whose second call is as good as the first."""

from course.autograder.checks import find_check
from course.autograder.judging.answers import functions_of
from tests.judging.odd import OddOnes
from tests.judging.slips.second_calls import BACKWARD, arrays_in, with_cache

ODD = OddOnes()


def counted(backward):
    """How often it was asked is written down."""

    def asked(dout, cache):
        cache["asked"] = cache.get("asked", 0) + 1
        return backward(dout, cache["of"])

    return asked


def moved_back(backward):
    """What was changed on the way is put right at the end."""

    def asked(dout, cache):
        found = backward(dout, cache["of"])
        for _ in range(2):
            for array in arrays_in(cache["of"]):
                array *= -1
        return found

    return asked


for _check in BACKWARD:
    _functions = functions_of(find_check(_check).assignment)
    _forward, _backward = (_functions[name] for name in find_check(_check).functions)
    for _right in (counted, moved_back):
        ODD.add(
            _check,
            f"cache {_right.__name__.replace('_', ' ')}",
            with_cache(_forward, lambda cache: {"of": cache}),
            _right(_backward),
        )
