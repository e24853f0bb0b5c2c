"""Every study, by name, in the order of the lessons."""

from course.studies import (
    batch_sizes,
    covariate_shift,
    eight_settings,
    histograms,
    landscape,
    speed,
    weight_scales,
)
from course.studies.record import Study

MODULES = (eight_settings, speed, weight_scales, histograms, covariate_shift, landscape, batch_sizes)
STUDIES: dict[str, Study] = {m.STUDY.name: m.STUDY for m in MODULES}
