// Where things are, for C and for the assembler. RAM begins at 0x40000000 with the device tree that QEMU puts there.
#pragma once

#define CODE_BLOCK 0x40200000  // the runtime and the program; a block of 2 MiB
#define STATES 0x40c00000      // a struct state for each core, 4 KiB apart; a block of 2 MiB, with the stacks and .data
#define STACKS_END 0x40c40000  // of the runtime, 64 KiB for each core, downwards
#define CASES 0x40400000       // the code of the cases; a block of 2 MiB
#define USER_DATA 0x40600000   // likewise, for what cases access
#define USER_STACK 0x40700000  // the end of theirs
#define TABLES 0x40800000      // likewise, for translation tables
#define CODE_PAGE 0x40a00000   // likewise, for code that cases write
#define UART 0x09000000
#define GICD 0x08000000
#define GICC 0x08010000
#define UNMAPPED 0x50000000  // beyond the RAM: nothing answers

// struct state
#define STATE_VECTOR 248
#define STATE_LEVEL 256
#define STATE_ESR 264
#define STATE_FAR 272
#define STATE_ELR 280
#define STATE_SPSR 288
#define STATE_ON_THE_WAY 296
#define STATE_SAVED 304

#define PSCI_CPU_OFF 0x84000002
#define PSCI_SYSTEM_OFF 0x84000008
