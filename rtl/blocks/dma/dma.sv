// Descriptor DMA: a ring of descriptors in memory, each a copy of up to 4 GiB - 1 bytes from anywhere to anywhere.
//
// Ports: clk; rst_n, synchronous, active low, at least one cycle; s_axil_*, AXI4-Lite with the registers of
// models/dma/dma.def (descriptors: models/dma/descriptor.h); m_axi_*, AXI4 manager of 64 bits, one ID (no ID pins),
// incrementing bursts of up to 16 beats that do not cross 4 KiB, up to 4 reads and 4 writes outstanding; irq, level.
//
// Work: write RING_BASE and RING_SIZE, set CONTROL.ENABLE, put descriptors into the ring, write TAIL. Descriptors are
// fetched and done one after another; HEAD moves on when all writes of one are acknowledged. Reads cover whole words of 8
// bytes around the source, writes only the destination (strobes).
//
// Throughput: 16 beats in 17 cycles where memory takes the first one with the address and a beat a cycle, in 18 where it
// takes the address ahead; less where 4 KiB boundaries cut bursts short.
// Latency of a descriptor: its fetch, one read and one write of memory, and 12 cycles.
//
// Bad input: a ring that cannot be, a TAIL beyond it, a descriptor that cannot be read, has reserved flags or leaves the
// address space, and error answers of memory stop the ring: ERROR says why and at which descriptor, which is not done.
// Which of READ and WRITE is told when both fail is not specified. Bursts under way are always finished, also when the
// ring is disabled: STATUS.BUSY is 1 until then. A manager that never gets an answer waits. Addresses without a register
// answer SLVERR and do nothing.
//
// BUG, for demonstrations of lockstep: 0 none; 1 a copy that does not end on a multiple of 8 writes its last word whole;
// 2 bits 16 to 31 of a descriptor's length are taken for 0.
module dma #(
    parameter int BUG = 0
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic [11:0] s_axil_awaddr,
    input  logic [ 2:0] s_axil_awprot,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [ 3:0] s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [11:0] s_axil_araddr,
    input  logic [ 2:0] s_axil_arprot,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    output logic [63:0] m_axi_araddr,
    output logic [ 7:0] m_axi_arlen,
    output logic [ 2:0] m_axi_arsize,
    output logic [ 1:0] m_axi_arburst,
    output logic        m_axi_arvalid,
    input  logic        m_axi_arready,
    input  logic [63:0] m_axi_rdata,
    input  logic [ 1:0] m_axi_rresp,
    input  logic        m_axi_rlast,
    input  logic        m_axi_rvalid,
    output logic        m_axi_rready,
    output logic [63:0] m_axi_awaddr,
    output logic [ 7:0] m_axi_awlen,
    output logic [ 2:0] m_axi_awsize,
    output logic [ 1:0] m_axi_awburst,
    output logic        m_axi_awvalid,
    input  logic        m_axi_awready,
    output logic [63:0] m_axi_wdata,
    output logic [ 7:0] m_axi_wstrb,
    output logic        m_axi_wlast,
    output logic        m_axi_wvalid,
    input  logic        m_axi_wready,
    input  logic [ 1:0] m_axi_bresp,
    input  logic        m_axi_bvalid,
    output logic        m_axi_bready,
    output logic        irq
);
  localparam logic [3:0] NONE = 4'd0, FETCH_FAILED = 4'd2, BAD_DESCRIPTOR = 4'd3, READ_FAILED = 4'd4,
      WRITE_FAILED = 4'd5;
  localparam logic [31:0] DESCRIPTOR_BYTES = 32;

  assign m_axi_arsize  = 3'd3;
  assign m_axi_awsize  = 3'd3;
  assign m_axi_arburst = 2'b01;
  assign m_axi_awburst = 2'b01;

  logic write, write_error, read, read_error;
  logic [11:0] write_address, read_address;
  logic [31:0] write_data, write_mask, read_data;
  axil_slave axil (.*);

  logic running, disabling, busy, advance, interrupt;
  logic [63:0] ring_base;
  logic [15:0] head, tail;
  logic [3:0] failed;
  dma_registers registers (.*);

  // A descriptor's steps.
  typedef enum logic [2:0] {IDLE, FETCH, CHECK, COPY, COPYING, DONE} state_t;
  state_t state;
  logic [63:0] descriptor[3];  // source; destination; flags and length
  logic [1:0] place;           // in it, of the word that comes next; 3 is not kept
  logic cut;                   // the ring was disabled meanwhile
  logic [31:0] length, flags;
  logic [63:0] source, destination;
  assign source      = descriptor[0];
  assign destination = descriptor[1];
  assign length      = BUG == 2 ? {16'b0, descriptor[2][15:0]} : descriptor[2][31:0];
  assign flags       = descriptor[2][63:32];
  assign interrupt   = flags[0];
  assign busy        = state != IDLE;

  logic bad;
  assign bad = flags[31:1] != 0 || (length != 0 && (source + 64'(length) - 1 < source ||
                                                    destination + 64'(length) - 1 < destination));

  logic read_start, read_busy, read_failed, read_valid;
  logic write_start, write_busy, write_failed;
  logic fetch, stop;
  logic [63:0] read_word;
  logic [7:0] filled;
  assign fetch       = state == IDLE && running && !disabling && head != tail;
  assign write_start = state == COPY;
  assign read_start  = fetch || state == COPY;
  assign stop        = cut || read_failed || write_failed;

  always_comb begin
    failed = NONE;
    if (!cut) begin
      if (state == CHECK && bad) failed = BAD_DESCRIPTOR;
      if (state == FETCH && !read_busy && read_failed) failed = FETCH_FAILED;
      if (state == COPYING && !read_busy && !write_busy) begin
        if (write_failed) failed = WRITE_FAILED;
        if (read_failed) failed = READ_FAILED;
      end
    end
  end
  assign advance = state == DONE && !cut;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state <= IDLE;
      cut   <= 1'b0;
    end else begin
      if (state == IDLE) cut <= 1'b0;
      else if (disabling || !running) cut <= 1'b1;
      case (state)
        IDLE: if (fetch) state <= FETCH;
        FETCH: if (!read_busy) state <= cut || read_failed ? IDLE : CHECK;
        CHECK:
        if (cut || bad) state <= IDLE;
        else state <= length == 0 ? DONE : COPY;
        COPY: state <= COPYING;
        COPYING: if (!read_busy && !write_busy) state <= stop ? IDLE : DONE;
        default: state <= IDLE;
      endcase
      if (fetch) place <= '0;
      if (state == FETCH && read_valid) begin
        place <= place + 1;
        if (place != 3) descriptor[place] <= read_word;
      end
    end
  end

  dma_read reader (
      .clk, .rst_n, .start(read_start), .address(fetch ? ring_base + {43'b0, head, 5'b0} : source),
      .length(fetch ? DESCRIPTOR_BYTES : length), .offset(fetch ? 3'd0 : destination[2:0]),
      .stop(state == COPYING && stop), .busy(read_busy), .error(read_failed), .out_valid(read_valid),
      .out_data(read_word), .filled(state == FETCH ? 8'd0 : filled), .m_axi_araddr, .m_axi_arlen, .m_axi_arvalid, .m_axi_arready, .m_axi_rdata,
      .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready);
  dma_write #(.BUG(BUG)) writer (
      .clk, .rst_n, .start(write_start), .address(destination), .length, .stop(state == COPYING && stop),
      .busy(write_busy), .error(write_failed), .in_valid(read_valid && state == COPYING), .in_data(read_word), .filled,
      .m_axi_awaddr, .m_axi_awlen, .m_axi_awvalid, .m_axi_awready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast,
      .m_axi_wvalid, .m_axi_wready, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready);

  logic unused;
  assign unused = &{1'b0, read};
endmodule
