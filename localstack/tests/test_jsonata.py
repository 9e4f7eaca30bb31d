"""A path that is walked gives what the language gives; whatever else is left to the language."""

import json
import unittest

from jsonata import jsonata

from lsnative.jsonata import evaluate, path

STATES = {"input": {"commands": [{"id": "c"}, {"id": "d"}], "settle": False, "none": None, "empty": []}, "result": {"Payload": {"a": [1]}}}


def composed(expression, states=STATES):
    return f"($states:={json.dumps(states, separators=(',', ':'))};{expression})"


class PathTest(unittest.TestCase):
    def test_a_path_is_walked_to_what_the_language_finds(self):
        for expression in ("$states.input", "$states.result.Payload", "$states.input.settle", "$states.input.commands"):
            with self.subTest(expression):
                walked = path(composed(expression))
                self.assertIsNotNone(walked)
                self.assertEqual(walked[0], jsonata.Jsonata(composed(expression)).evaluate(None))

    def test_what_is_more_than_a_path_is_left_to_the_language(self):
        for expression, value in (
            ("$states.input.commands.id", ["c", "d"]),
            ("$states.input.missing", None),
            ("$count($states.input.commands)", 2),
            ("$states.input.settle = false", True),
            ("$states.input.commands[0].id", "c"),
        ):
            with self.subTest(expression):
                self.assertIsNone(path(composed(expression)))
                self.assertEqual(evaluate(composed(expression)), value)

    def test_text_that_looks_like_the_end_of_the_data_is_data(self):
        states = {"input": {"text": '";$states.input)'}}
        self.assertEqual(evaluate(composed("$states.input.text", states)), '";$states.input)')

    def test_a_whole_batch_is_walked_in_no_time(self):
        states = {"input": {"commands": [{"id": str(n), "data": "x" * 1000} for n in range(200)]}}
        self.assertEqual(path(composed("$states.input", states))[0], states["input"])


if __name__ == "__main__":
    unittest.main()
