"""What a check of random answers is written in: coins that fall fairly, readers, properties and forms. Numpy alone.

Everything here is plain data with a method: it says what is looked at and knows no answer.
"""
