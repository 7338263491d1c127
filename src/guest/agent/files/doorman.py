"""Starts the doorman. What a program starts with is compiled anew each time, modules are not: so there is nothing else here."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from hf_door import Door  # noqa: E402

Door().run()
