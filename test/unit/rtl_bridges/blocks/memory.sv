// A RAM of 64 KiB behind AXI4, 64 bits wide: bursts of every type, eight requests outstanding in each direction, answers
// of different IDs out of order, pauses at random. From 64 KiB on it answers SLVERR.
//
// `fault` makes it break a rule, each number another one; `stuck` lets it take requests and never answer; `deaf` lets it
// take none.
module memory (
    input clk,
    input rst_n,
    input [3:0] fault,
    input stuck,
    input deaf,
    input pauses,
    input [3:0] s_axi_awid,
    input [31:0] s_axi_awaddr,
    input [7:0] s_axi_awlen,
    input [2:0] s_axi_awsize,
    input [1:0] s_axi_awburst,
    input s_axi_awvalid,
    output s_axi_awready,
    input [63:0] s_axi_wdata,
    input [7:0] s_axi_wstrb,
    input s_axi_wlast,
    input s_axi_wvalid,
    output s_axi_wready,
    output [3:0] s_axi_bid,
    output [1:0] s_axi_bresp,
    output s_axi_bvalid,
    input s_axi_bready,
    input [3:0] s_axi_arid,
    input [31:0] s_axi_araddr,
    input [7:0] s_axi_arlen,
    input [2:0] s_axi_arsize,
    input [1:0] s_axi_arburst,
    input s_axi_arvalid,
    output s_axi_arready,
    output [3:0] s_axi_rid,
    output [63:0] s_axi_rdata,
    output [1:0] s_axi_rresp,
    output s_axi_rlast,
    output s_axi_rvalid,
    input s_axi_rready,
    output reg [7:0] most_outstanding  // reads that waited at the same time
);
  localparam FAULT_B_UNASKED = 1, FAULT_BID = 2, FAULT_RLAST_EARLY = 3, FAULT_RLAST_MISSING = 4, FAULT_R_UNASKED = 5;
  localparam FAULT_EXOKAY = 6, FAULT_R_TAKEN_BACK = 7, FAULT_RDATA_CHANGES = 8, FAULT_B_EARLY = 9;
  localparam FAULT_R_COMBINATIONAL = 10;

  typedef struct packed {
    logic [3:0] id;
    logic [31:0] address;
    logic [7:0] len;
    logic [2:0] size;
    logic [1:0] burst;
    logic failed;
  } request_t;

  reg [7:0] ram[65536];
  initial for (int i = 0; i < 65536; i++) ram[i] = 0;

  reg [15:0] random;
  wire go = !pauses || random[0] ^ random[5];

  function automatic [31:0] next_address(request_t r);
    logic [31:0] bytes = 32'd1 << r.size;
    logic [31:0] aligned = r.address & ~(bytes - 1);
    logic [31:0] total = bytes * (32'(r.len) + 1);
    logic [31:0] next = aligned + bytes;
    // The length here is that of the whole burst; beats are counted apart.
    case (r.burst)
      2'b00: next_address = r.address;
      2'b10: next_address = (next & (total - 1)) == 0 ? next - total : next;
      default: next_address = next;
    endcase
  endfunction

  wire request_t aw = {s_axi_awid, s_axi_awaddr, s_axi_awlen, s_axi_awsize, s_axi_awburst, 1'b0};
  wire request_t ar = {s_axi_arid, s_axi_araddr, s_axi_arlen, s_axi_arsize, s_axi_arburst, 1'b0};

  // Writes: addresses wait for their data, then for their answer.
  request_t writes[$], answers[$];
  request_t w;
  reg [8:0] w_beat;
  reg b_valid;
  request_t b;
  reg ready_aw, ready_w;
  assign s_axi_awready = ready_aw && !deaf;
  assign s_axi_wready = ready_w && !deaf;
  assign s_axi_bvalid = b_valid;
  assign s_axi_bid = fault == FAULT_BID ? ~b.id : b.id;
  assign s_axi_bresp = fault == FAULT_EXOKAY ? 2'b01 : b.failed ? 2'b10 : 2'b00;

  always @(posedge clk) begin
    random <= {random[14:0], random[15] ^ random[13] ^ random[12] ^ random[10]};
    if (!rst_n) begin
      random <= 16'hace1;
      writes.delete();
      answers.delete();
      b_valid <= 0;
      w_beat <= 0;
      ready_aw <= 0;
      ready_w <= 0;
    end else begin
      if (s_axi_awvalid && s_axi_awready)
        writes.push_back(aw);
      if (s_axi_wvalid && s_axi_wready) begin
        w = writes[0];
        for (int lane = 0; lane < 8; lane++)
          if (s_axi_wstrb[lane]) begin
            if (w.address[31:16] == 0) ram[{w.address[15:3], 3'(lane)}] = s_axi_wdata[8*lane+:8];
            else w.failed = 1;
          end
        w.address = next_address(w);
        writes[0] = w;
        if (w_beat == 9'(w.len)) begin
          w_beat <= 0;
          answers.push_back(w);
          void'(writes.pop_front());
        end else begin
          w_beat <= w_beat + 1;
          if (fault == FAULT_B_EARLY && w_beat == 0) b_valid <= 1;
        end
      end
      ready_aw <= writes.size() < 7 && go;
      // Data only behind an address, and not beyond the burst's last beat.
      ready_w <= writes.size() != 0 && go;

      if (b_valid && s_axi_bready) b_valid <= 0;
      if ((!b_valid || s_axi_bready) && answers.size() != 0 && !stuck && go) begin
        b_valid <= 1;
        if (answers.size() > 1 && answers[1].id != answers[0].id && random[3]) begin
          b <= answers[1];
          answers.delete(1);
        end else begin
          b <= answers[0];
          void'(answers.pop_front());
        end
      end
      if (fault == FAULT_B_UNASKED) b_valid <= 1;
    end
  end

  // Reads: one burst at a time, chosen among the first of their ID.
  request_t reads[$];
  request_t r;
  reg r_busy, r_valid;
  reg [8:0] r_beat;
  reg [63:0] r_data;
  reg ready_ar;
  assign s_axi_arready = ready_ar && !deaf;
  assign s_axi_rvalid = fault == FAULT_R_COMBINATIONAL ? r_valid && s_axi_rready : r_valid;
  assign s_axi_rid = r.id;
  assign s_axi_rresp = fault == FAULT_EXOKAY ? 2'b01 : r.address[31:16] != 0 ? 2'b10 : 2'b00;
  assign s_axi_rdata = r_data;
  assign s_axi_rlast = fault == FAULT_RLAST_EARLY ? 1'b1 : r_beat == 9'(r.len) && fault != FAULT_RLAST_MISSING;

  function automatic [63:0] word(logic [31:0] address);
    for (int lane = 0; lane < 8; lane++) word[8*lane+:8] = ram[{address[15:3], 3'(lane)}];
  endfunction

  always @(posedge clk)
    if (!rst_n) begin
      reads.delete();
      r_busy = 0;
      r_valid <= 0;
      ready_ar <= 0;
      most_outstanding <= 0;
    end else begin
      if (s_axi_arvalid && s_axi_arready)
        reads.push_back(ar);
      if (8'(reads.size()) > most_outstanding) most_outstanding <= 8'(reads.size());
      ready_ar <= reads.size() < 7 && go;

      if (s_axi_rvalid && s_axi_rready) begin
        r_valid <= 0;
        if (r_beat == 9'(r.len)) r_busy = 0;
        else begin
          r_beat <= r_beat + 1;
          r.address = next_address(r);
        end
      end else if (fault == FAULT_R_TAKEN_BACK) r_valid <= !r_valid && r_busy;
      if (!r_busy && reads.size() != 0 && !stuck) begin
        if (reads.size() > 1 && reads[1].id != reads[0].id && random[4]) begin
          r = reads[1];
          reads.delete(1);
        end else r = reads.pop_front();
        r_busy = 1;
        r_beat <= 0;
      end
      if (r_busy && (!r_valid || s_axi_rready) && go && fault != FAULT_R_TAKEN_BACK) begin
        r_valid <= 1;
        r_data <= word(r.address);
      end
      if (fault == FAULT_RDATA_CHANGES && r_valid && !s_axi_rready) r_data <= ~r_data;
      if (fault == FAULT_R_UNASKED) r_valid <= 1;
    end
endmodule
