"""Importing this gives a test the signals of a process that somebody started by hand, whoever did: nohup, a job in the background and many
harnesses have signals ignored or blocked, and what a test starts would inherit that."""

import signal

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}:  # the last two Python itself gives back
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())
