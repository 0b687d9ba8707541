"""What is known of a data set without making it: which environment its module runs in."""

import ast

from . import project
from .files import BadInput, one_line

#: Where a module of scripts/datasets says nothing else, as ``ENVIRONMENT = "envs/..."``.
ENVIRONMENT = "envs/data.yaml"


def environment_of(name):
    """Return the environment file that the data set ``name`` is made in, relative to the project.

    Its module is read, not run: what it imports may be in that environment alone. BadInput, in
    one line, for one that can't be read.
    """
    path = project.SCRIPTS / "datasets" / f"{name}.py"
    try:
        statements = ast.parse(path.read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError) as error:
        file = path.relative_to(project.ROOT)
        raise BadInput(f"{file}: can't be read: {one_line(error)}") from None
    for statement in statements:
        match statement:
            case ast.Assign([ast.Name("ENVIRONMENT")], ast.Constant(str() as file)):
                return file
    return ENVIRONMENT
