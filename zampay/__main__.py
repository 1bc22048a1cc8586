"""`python -m zampay …`, and `bin/zampay …`: the command `zampay`."""

if __name__ == "__main__":
    from zampay.cli.main import main

    main(prog_name="zampay")
