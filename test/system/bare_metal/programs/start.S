// Entry, exception vectors, and the way into a case and out of it. All of it works at EL1 and at EL2, whichever the
// program was entered at ("home"), and for two cores.
#include "layout.h"

        .macro  state_of_core to
        mrs     \to, mpidr_el1
        and     \to, \to, #1
        lsl     \to, \to, #12
        orr     \to, \to, #0x40000000           // STATES
        orr     \to, \to, #0x00c00000
        .endm

        .section .text.start, "ax"
        .global start
start:  mrs     x19, mpidr_el1
        and     x19, x19, #1
        mov     x0, #STACKS_END
        sub     x0, x0, x19, lsl #16
        msr     spsel, #1
        mov     sp, x0
        ldr     x0, =vectors
        msr     vbar_el1, x0
        ldr     x1, =0x30d00800                 // SCTLR_EL1: everything off
        msr     sctlr_el1, x1
        mrs     x1, currentel
        tbz     x1, #3, 1f
        msr     vbar_el2, x0
1:      state_of_core x0
        str     xzr, [x0, #STATE_ON_THE_WAY]
        cbnz    x19, 2f
        bl      main
        ldr     x0, =PSCI_SYSTEM_OFF
        bl      psci
2:      bl      second_core
        ldr     x0, =PSCI_CPU_OFF
        bl      psci

// uint64_t psci(function, x1, x2, x3): by HVC where there is no EL2, else by SMC.
        .text
        .global psci
psci:   mrs     x9, currentel
        tbnz    x9, #3, 1f
        hvc     #0
        ret
1:      smc     #0
        ret

// Programs with a second core have their own.
        .weak   second_core
second_core:
        ret

// What is found goes into the core's struct state and not onto the stack, which may be what is wrong.
        .macro  vector offset
        .balign 0x80
        msr     tpidr_el1, x0
        msr     tpidrro_el0, x1
        mov     x1, #\offset
        b       taken
        .endm

        .balign 0x800
vectors:
        .irp    offset, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380
        vector  \offset
        .endr
        .irp    offset, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
        vector  \offset
        .endr

        .balign 0x80
taken:  state_of_core x0
        stp     x2, x3, [x0, #16]
        ldr     x2, [x0, #STATE_ON_THE_WAY]
        cbnz    x2, 3f
        stp     x4, x5, [x0, #32]
        stp     x6, x7, [x0, #48]
        stp     x8, x9, [x0, #64]
        stp     x10, x11, [x0, #80]
        stp     x12, x13, [x0, #96]
        stp     x14, x15, [x0, #112]
        stp     x16, x17, [x0, #128]
        stp     x18, x19, [x0, #144]
        stp     x20, x21, [x0, #160]
        stp     x22, x23, [x0, #176]
        stp     x24, x25, [x0, #192]
        stp     x26, x27, [x0, #208]
        stp     x28, x29, [x0, #224]
        str     x30, [x0, #240]
        mrs     x2, tpidr_el1
        mrs     x3, tpidrro_el0
        stp     x2, x3, [x0]
        mrs     x2, currentel
        stp     x1, x2, [x0, #STATE_VECTOR]
        tbnz    x2, #3, 1f
        mrs     x3, esr_el1
        mrs     x4, far_el1
        mrs     x5, elr_el1
        mrs     x6, spsr_el1
        b       2f
1:      mrs     x3, esr_el2
        mrs     x4, far_el2
        mrs     x5, elr_el2
        mrs     x6, spsr_el2
2:      stp     x3, x4, [x0, #STATE_ESR]
        stp     x5, x6, [x0, #STATE_ELR]
        ldr     x3, [x0, #STATE_SAVED + 104]
        cmp     x2, x3
        b.eq    4f
        mov     x2, #1                          // taken to EL1 while EL2 is home
        str     x2, [x0, #STATE_ON_THE_WAY]
        isb
        hvc     #0                              // undefined if HCR_EL2.HCD: then the next try is
        b       .
3:      mrs     x2, currentel
        tbnz    x2, #3, 4f
        smc     #0                              // which HCR_EL2.TSC traps
        b       .
4:      str     xzr, [x0, #STATE_ON_THE_WAY]
        add     x0, x0, #STATE_SAVED
        ldp     x19, x20, [x0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldp     x25, x26, [x0, #48]
        ldp     x27, x28, [x0, #64]
        ldp     x29, x30, [x0, #80]
        ldr     x1, [x0, #96]
        mov     sp, x1
        ret

// void enter(struct state*, uint64_t pc, uint64_t spsr, uint64_t sp): returns when an exception is taken.
        .global enter
enter:  mov     x8, x0
        add     x0, x0, #STATE_SAVED
        stp     x19, x20, [x0]
        stp     x21, x22, [x0, #16]
        stp     x23, x24, [x0, #32]
        stp     x25, x26, [x0, #48]
        stp     x27, x28, [x0, #64]
        stp     x29, x30, [x0, #80]
        mov     x4, sp
        mrs     x5, currentel
        stp     x4, x5, [x0, #96]
        msr     sp_el0, x3
        mov     sp, x3
        tbnz    x5, #3, 1f
        msr     elr_el1, x1
        msr     spsr_el1, x2
        b       2f
1:      msr     sp_el1, x3
        msr     elr_el2, x1
        msr     spsr_el2, x2
2:      ldp     x0, x1, [x8]
        ldp     x2, x3, [x8, #16]
        ldp     x4, x5, [x8, #32]
        ldp     x6, x7, [x8, #48]
        mov     x8, xzr
        isb
        eret
