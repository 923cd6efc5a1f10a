import time

import pytest

from trainer.corpus.parallel import THREADS, ordered_map


def test_results_come_in_the_order_of_their_inputs():
    def slow_first(number):
        time.sleep(0.02 * (number == 0))
        return number * number

    assert list(ordered_map(slow_first, range(20))) == [number * number for number in range(20)]


def test_no_more_is_read_ahead_than_there_are_threads():
    read = []
    inputs = (read.append(number) or number for number in range(100))

    results = ordered_map(lambda number: number, inputs)

    assert next(results) == 0
    assert len(read) <= THREADS + 1
    results.close()


def test_a_fault_reaches_the_reader():
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(lambda number: 1 // number, [1, 0, 1]))
