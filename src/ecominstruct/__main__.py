"""`python -m ecominstruct` is `ecom`."""

from ecominstruct.cli.main import main

if __name__ == "__main__":
    main()
