"""Which functions may be built on which: as the course builds them, and never one on its own question."""

import ast

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.built_on import BUILT_ON, built_on
from course.autograder.judging import answers

ASKED = {find_check(name).functions[-1] for name in list_checks()} | {"affine_relu_dropout_forward"}
# The same by another way through the graph: an answer may be built on either.
ALSO = {
    ("spatial_batchnorm_backward", "batchnorm_backward"),
    ("affine_bn_relu_backward", "batchnorm_backward"),
}


def _called() -> set[tuple[str, str]]:
    """Which of the functions asked for the instructor's solutions call."""
    found = set()
    for assignment in answers.assignments_with_a_bank():
        for source in answers.solutions(assignment).values():
            for node in ast.parse(source).body:
                if isinstance(node, ast.FunctionDef):
                    names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
                    found |= {(node.name, name) for name in names & ASKED - {node.name}}
    return found


def test_the_table_is_how_the_solutions_are_built() -> None:
    # A mask that is tossed is nothing that a stand-in could answer for.
    wanted = {(above, below) for above, below in _called() | ALSO if below != "dropout_mask"}
    assert {(above, below) for above, all_below in BUILT_ON.items() for below in all_below} == wanted


def test_no_function_is_built_on_itself_or_on_its_own_question() -> None:
    for function in BUILT_ON:
        assert function not in built_on((function,))
    assert "batchnorm_backward" not in built_on(("batchnorm_forward", "batchnorm_backward_alt"))
    assert "conv_forward_naive" not in built_on(("conv_forward_im2col",))


def test_it_goes_down_to_the_bottom_and_leaves_out_what_is_judged_itself() -> None:
    assert built_on(("six_layer_net",)) == (
        "affine_bn_relu_forward", "affine_bn_relu_backward", "batchnorm_forward", "batchnorm_backward",
        "batchnorm_backward_alt", "batch_moments", "normalize", "scale_shift",
    )  # fmt: skip
    assert built_on(("batchnorm_forward", "batchnorm_backward")) == (
        "batch_moments",
        "normalize",
        "scale_shift",
    )
