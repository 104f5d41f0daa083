# Makes a program for the card's core out of C and assembler files, on the SDK; of the same folder, or installed:
#
#   make -f /usr/local/share/cardvp/sdk/firmware/sdk/program.mk PROGRAM=my SOURCES="main.c helper.c"
#
# gives my.elf, for /card/firmware of a scenario, in the current folder. main() does not return. CROSS names another
# compiler, EXTRA more options of it.
PROGRAM ?= program
SOURCES ?= main.c
CROSS ?= aarch64-linux-gnu-

SDK := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
INCLUDES := -I$(abspath $(SDK)/../..) -I$(SDK)/include
LIBRARY := $(wildcard $(SDK)/src/*.c) $(SDK)/src/start.S

$(PROGRAM).elf: $(SOURCES) $(PROGRAM).ld $(SDK)/flags $(LIBRARY) $(wildcard $(SDK)/include/*)
	$(CROSS)gcc @$(SDK)/flags $(INCLUDES) $(EXTRA) -nostdlib -static -no-pie -Wl,--gc-sections,--build-id=none \
	  -Wl,--no-warn-rwx-segments,--fatal-warnings -T $(PROGRAM).ld $(LIBRARY) $(SOURCES) -lgcc -o $@

$(PROGRAM).ld: $(SDK)/ld/controller.ld $(SDK)/ld/map.ld.inc
	$(CROSS)gcc -E -P -x c $(INCLUDES) $< -o $@

.PHONY: clean
clean:
	rm -f $(PROGRAM).elf $(PROGRAM).ld
