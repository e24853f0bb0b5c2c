"""Imports what a lesson's kernel does: for a process that is forked."""

import atexit
import gc
import os

import ipykernel.debugger
import ipykernel.kernelapp
import ipykernel.zmqshell  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import psutil  # noqa: F401

import course.reference.framework
import course.teaching.plots
import course.teaching.prose  # noqa: F401

gc.set_threshold(20_000)  # a net in training makes and drops objects faster than Python's 700 are meant for
atexit.register(os._exit, 0)  # called last: nobody needs a kernel's memory taken apart, array by array
