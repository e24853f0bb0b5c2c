"""Which hand-ins share what hardly anybody else in the class wrote: a reason to look, and never a finding."""
