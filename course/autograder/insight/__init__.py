"""What an instructor can see of a class: how hard the questions were, which of them sort students, which mistakes were made."""

from course.languages.instructors import for_instructors
from course.languages.saying import provide

provide(for_instructors)
