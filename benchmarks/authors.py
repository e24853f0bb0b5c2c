"""Made-up authors: each writes the bank's answers again in ways of their own, so that a class of any size has no two alike.

What an author changes keeps what a function says; the code is compared and never run. Some pairs are planted: one of the two
handed in the other's code, disguised in one of five ways.
"""

import ast
import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from course.autograder.judging.answers import defined_in, right_answers, solutions, wrong_answers

LONGER = {
    "mu": ("mean", "m", "avg", "batch_mean", "mu_b", "mean_x", "sample_mean", "mb"),
    "var": ("variance", "v", "sigma2", "batch_var", "var_x", "sample_var", "s2", "vb"),
    "out": ("y", "result", "res", "output", "ret", "o"),
    "cache": ("saved", "kept", "state", "mem", "stuff", "c"),
    "dx": ("grad_x", "dX", "gx", "d_x", "dinput"),
    "xhat": ("x_hat", "x_norm", "xn", "normed", "z", "normalized"),
}
ENDINGS = ("", "_", "1", "2", "_new", "_tmp", "_val", "_arr", "_b", "_t")
COMMENTS = (
    "mean and variance over the batch", "normalise", "keep for the backward pass", "see the lesson", "broadcast over the batch",
    "chain rule", "running averages", "scale and shift", "shapes: N x D", "sum over all but channels", "inference uses running values",
    "avoid dividing by zero", "gradient of the mean", "this was wrong before", "TODO check again", "upstream gradient", "cache everything",
    "same as in the paper", "flatten the images", "back to the old shape", "number of elements per channel", "biased variance here",
)  # fmt: skip
DEAD = (
    "assert x.ndim >= 2", "shape = x.shape", "n = x.shape[0]", "dtype = x.dtype", "debug = False", "total = 0",
    "x = np.asarray(x)", "N = len(x)", "tmp = None", "count = x.size", "axes = tuple(range(x.ndim))", "one = 1.0",
)  # fmt: skip
KINDS = ("plain", "renamed", "reordered", "comments changed", "one function")


@dataclass
class Author:
    """Habits: how likely each way of writing is, and which names."""

    draw: random.Random
    habits: dict[str, float] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def does(self, habit: str) -> bool:
        """Whether it is done here."""
        likely = self.habits.setdefault(habit, self.draw.choice((0.0, 0.1, 0.5, 0.9)))
        return self.draw.random() < likely

    def name(self, old: str) -> str:
        """What the author calls a local; the same throughout."""
        if old not in self.names:
            others = LONGER.get(old, ())
            fresh = self.draw.choice(others) if others and self.does("other names") else old
            self.names[old] = fresh + (self.draw.choice(ENDINGS) if self.does("endings") else "")
        return self.names[old]


class _Ways(ast.NodeTransformer):
    """Other ways to write the same expression."""

    def __init__(self, author: Author) -> None:
        self.author = author

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute):
            return node
        of_numpy = isinstance(called.value, ast.Name) and called.value.id == "np"
        if called.attr in ("mean", "var", "sum", "reshape") and not of_numpy and self.author.does("np.f(x)"):
            function = ast.Attribute(ast.Name("np", ast.Load()), called.attr, ast.Load())
            return ast.Call(function, [called.value, *node.args], node.keywords)
        if called.attr in ("mean", "var", "sum") and of_numpy and node.args and self.author.does("x.f()"):
            return ast.Call(
                ast.Attribute(node.args[0], called.attr, ast.Load()), node.args[1:], node.keywords
            )
        if called.attr == "sqrt" and of_numpy and self.author.does("power of a half"):
            return ast.BinOp(node.args[0], ast.Pow(), ast.Constant(0.5))
        if len(node.keywords) == 1 and node.keywords[0].arg == "axis" and self.author.does("axis by place"):
            return ast.Call(called, [*node.args, node.keywords[0].value], [])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, (ast.Add, ast.Mult)) and self.author.does("turned round"):
            return ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value == 2:
            if self.author.does("square by product"):
                return ast.BinOp(node.left, ast.Mult(), copy.deepcopy(node.left))
            if self.author.does("np.square"):
                return ast.Call(
                    ast.Attribute(ast.Name("np", ast.Load()), "square", ast.Load()), [node.left], []
                )
        if isinstance(node.op, ast.Div) and self.author.does("times the inverse"):
            return ast.BinOp(node.left, ast.Mult(), ast.BinOp(ast.Constant(1.0), ast.Div(), node.right))
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is int and node.value in (1, 2) and self.author.does("whole floats"):
            return ast.Constant(float(node.value))
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        value, target = node.value, node.targets[0]
        same = (
            isinstance(value, ast.BinOp)
            and isinstance(value.left, ast.Name)
            and isinstance(target, ast.Name)
            and value.left.id == target.id
        )
        if same and self.author.does("+="):
            return ast.AugAssign(target, value.op, value.right)
        return node


class _Renamed(ast.NodeTransformer):
    def __init__(self, rename: Callable[[str], str], locals_: set[str]) -> None:
        self.rename, self.locals = rename, locals_

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.rename(node.id), node.ctx) if node.id in self.locals else node


def _stored(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _loaded(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _bodies(node: ast.AST) -> list[list[ast.stmt]]:
    lists = [getattr(one, name, None) for one in ast.walk(node) for name in ("body", "orelse")]
    return [one for one in lists if isinstance(one, list) and one]


def renamed(source: str, rename: Callable[[str], str]) -> str:
    """With locals called otherwise; parameters and functions keep their names."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            known = {a.arg for a in ast.walk(node) if isinstance(a, ast.arg)}
            _Renamed(rename, _stored(node) - known).visit(node)
    return ast.unparse(ast.fix_missing_locations(tree))


def reordered(source: str, draw: random.Random) -> str:
    """With neighbours that need nothing of each other changed over."""
    tree = ast.parse(source)
    for body in _bodies(tree):
        for i in range(len(body) - 1):
            one, other = body[i], body[i + 1]
            simple = all(isinstance(s, (ast.Assign, ast.AugAssign)) for s in (one, other))
            apart = not (_stored(one) & (_loaded(other) | _stored(other)) or _stored(other) & _loaded(one))
            if simple and apart and draw.random() < 0.8:
                body[i], body[i + 1] = other, one
    return ast.unparse(ast.fix_missing_locations(tree))


def commented(source: str, author: Author, likely: float = 0.25) -> str:
    """With comments of the author's."""
    lines = []
    for line in source.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        if indent and author.draw.random() < likely:
            lines.append(f"{indent}# {author.draw.choice(COMMENTS)}")
        lines.append(line)
    return "\n".join(lines)


def written(source: str, author: Author) -> str:
    """A source as the author would have written it."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and ast.get_docstring(node)
            and len(node.body) > 1
        ):
            node.body = node.body[1:]
    tree = _Ways(author).visit(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            _with_temporaries(node, author)
            if any(a.arg == "x" for a in node.args.args) and author.does("dead code"):
                node.body.insert(0, ast.parse(author.draw.choice(DEAD)).body[0])
    text = renamed(ast.unparse(ast.fix_missing_locations(tree)), author.name)
    return commented(reordered(text, author.draw) if author.does("order") else text, author)


def _with_temporaries(function: ast.FunctionDef, author: Author) -> None:
    """Give a name to a part of some expressions."""
    count = 0
    for body in _bodies(function):
        for statement in list(body):
            value = getattr(statement, "value", None)
            if isinstance(statement, (ast.Assign, ast.Return)) and isinstance(value, ast.BinOp):
                side = author.draw.choice(("left", "right"))
                if isinstance(getattr(value, side), (ast.BinOp, ast.Call)) and author.does("temporaries"):
                    count += 1
                    name = author.name(f"t{count}")
                    made = ast.Assign([ast.Name(name, ast.Store())], getattr(value, side))
                    setattr(value, side, ast.Name(name, ast.Load()))
                    body.insert(body.index(statement), made)


@dataclass(frozen=True)
class MadeClass:
    """Solution cells by student, and which pairs are planted, with how."""

    cells: dict[str, dict[str, str]]
    planted: dict[tuple[str, str], str]


def made_class(assignment: str, students: int, each: int, seed: int) -> MadeClass:
    """A class with so many planted pairs of each kind; all others are independent.

    A student writes the common answer, with one of the bank's mistakes in three of ten functions; or one of the bank's odd answers,
    each of which is one student's alone.
    """
    draw = random.Random(seed)
    common = solutions(assignment)
    odd = [answer.sources for answer in right_answers(assignment)]
    draw.shuffle(odd)
    wrong: dict[str, list[tuple[str, str]]] = {}
    for one in wrong_answers(assignment):
        wrong.setdefault(one.grade_id, []).append((one.replaced, one.by))
    cells: dict[str, dict[str, str]] = {}
    for number in range(students):
        author = Author(random.Random(draw.random()))
        mine = odd.pop() if odd and draw.random() < 0.2 else {}
        own = {}
        for name, source in common.items():
            if name in wrong and draw.random() < 0.3:
                source = source.replace(*draw.choice(wrong[name]))
            own[name] = written(mine.get(name, source), author)
        cells[f"s{number:04}"] = own
    planted = {}
    pool = draw.sample(sorted(cells), 2 * each * len(KINDS))
    for number, kind in enumerate(kind for kind in KINDS for _ in range(each)):
        one, other = sorted(pool[2 * number : 2 * number + 2])
        planted[one, other] = kind
        cells[other] = _copied(cells[one], cells[other], kind, draw)
    return MadeClass(cells, planted)


def _copied(theirs: dict[str, str], own: dict[str, str], kind: str, draw: random.Random) -> dict[str, str]:
    copier = Author(random.Random(draw.random()), {"other names": 1.0, "endings": 0.9})
    if kind == "plain":
        return dict(theirs)
    if kind == "renamed":
        return {name: renamed(source, copier.name) for name, source in theirs.items()}
    if kind == "reordered":
        return {name: reordered(source, draw) for name, source in theirs.items()}
    if kind == "comments changed":
        return {name: commented(ast.unparse(ast.parse(source)), copier) for name, source in theirs.items()}
    long = [name for name, source in theirs.items() if len(ast.unparse(ast.parse(source)).split("\n")) >= 8]
    name = draw.choice(long)
    return {**own, name: theirs[name]}


def functions_asked(assignment: str) -> list[str]:
    """The names that its answers define."""
    return [name for source in solutions(assignment).values() for name in defined_in(source)]
