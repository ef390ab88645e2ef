"""`python -m contractnet`: the same as the command `contractnet`."""

from contractnet.cli.main import main

if __name__ == "__main__":
    main()
