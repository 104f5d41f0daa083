// One small thing behind each of the simpler protocols, for tests of bridges. `stuck` keeps all of them from answering,
// `pauses` lets them wait at random; `loose` is an output that no reset sets, and so is behind_loose_tvalid.
module ports (
    input clk,
    input rst_n,
    input stuck,
    input pauses,

    // AXI4-Lite: a RAM of 1 KiB, beyond it SLVERR.
    input [11:0] s_axil_awaddr,
    input s_axil_awvalid,
    output s_axil_awready,
    input [31:0] s_axil_wdata,
    input [3:0] s_axil_wstrb,
    input s_axil_wvalid,
    output s_axil_wready,
    output reg [1:0] s_axil_bresp,
    output reg s_axil_bvalid,
    input s_axil_bready,
    input [11:0] s_axil_araddr,
    input s_axil_arvalid,
    output s_axil_arready,
    output reg [31:0] s_axil_rdata,
    output reg [1:0] s_axil_rresp,
    output reg s_axil_rvalid,
    input s_axil_rready,

    // APB: a RAM of 1 KiB, beyond it PSLVERR.
    input [11:0] apb_paddr,
    input apb_psel,
    input apb_penable,
    input apb_pwrite,
    input [31:0] apb_pwdata,
    input [3:0] apb_pstrb,
    output apb_pready,
    output [31:0] apb_prdata,
    output apb_pslverr,

    // Register ports of 256 words: read data at once; with `ready`; two cycles later.
    input plain_cs,
    input plain_we,
    input [7:0] plain_address,
    input [31:0] plain_write_data,
    output [31:0] plain_read_data,
    input waiting_cs,
    input waiting_we,
    input [7:0] waiting_address,
    input [31:0] waiting_write_data,
    output [31:0] waiting_read_data,
    output waiting_ready,
    output waiting_error,
    input late_cs,
    input late_we,
    input [7:0] late_address,
    input [31:0] late_write_data,
    output reg [31:0] late_read_data,

    // A FIFO of 16 beats.
    input [63:0] s_axis_tdata,
    input [7:0] s_axis_tkeep,
    input s_axis_tlast,
    input [3:0] s_axis_tid,
    input [3:0] s_axis_tdest,
    input [3:0] s_axis_tuser,
    input s_axis_tvalid,
    output s_axis_tready,
    output [63:0] m_axis_tdata,
    output [7:0] m_axis_tkeep,
    output m_axis_tlast,
    output [3:0] m_axis_tid,
    output [3:0] m_axis_tdest,
    output [3:0] m_axis_tuser,
    output m_axis_tvalid,
    input m_axis_tready,

    // What no reset sets.
    output reg loose_irq,
    output [7:0] loose_axis_tdata,
    output reg loose_axis_tvalid
);
  reg [15:0] random;
  wire go = !stuck && (!pauses || random[0] ^ random[5]);
  always @(posedge clk)
    if (!rst_n) random <= 16'h1dea;
    else random <= {random[14:0], random[15] ^ random[13] ^ random[12] ^ random[10]};

  function automatic [31:0] merge(logic [31:0] old, logic [31:0] data, logic [3:0] strobes);
    for (int i = 0; i < 4; i++) merge[8*i+:8] = strobes[i] ? data[8*i+:8] : old[8*i+:8];
  endfunction

  initial
    for (int i = 0; i < 256; i++) begin
      axil_ram[i] = 0;
      apb_ram[i] = 0;
      plain[i] = 0;
      waiting[i] = 0;
      late[i] = 0;
    end

  // AXI4-Lite
  reg [31:0] axil_ram[256];
  reg axil_write_go, axil_read_go;
  wire axil_write = s_axil_awvalid && s_axil_wvalid && axil_write_go;
  assign s_axil_awready = axil_write;
  assign s_axil_wready = axil_write;
  assign s_axil_arready = axil_read_go;
  always @(posedge clk)
    if (!rst_n) begin
      axil_write_go <= 0;
      axil_read_go <= 0;
      s_axil_bvalid <= 0;
      s_axil_rvalid <= 0;
    end else begin
      axil_write_go <= go && !axil_write && !s_axil_bvalid;
      axil_read_go <= go && !(s_axil_arvalid && s_axil_arready) && !s_axil_rvalid;
      if (s_axil_bready) s_axil_bvalid <= 0;
      if (s_axil_rready) s_axil_rvalid <= 0;
      if (axil_write) begin
        if (s_axil_awaddr[11:10] == 0)
          axil_ram[s_axil_awaddr[9:2]] <= merge(axil_ram[s_axil_awaddr[9:2]], s_axil_wdata, s_axil_wstrb);
        s_axil_bresp <= {s_axil_awaddr[11:10] != 0, 1'b0};
        s_axil_bvalid <= 1;
      end
      if (s_axil_arvalid && s_axil_arready) begin
        s_axil_rdata <= axil_ram[s_axil_araddr[9:2]];
        s_axil_rresp <= {s_axil_araddr[11:10] != 0, 1'b0};
        s_axil_rvalid <= 1;
      end
    end

  // APB
  reg [31:0] apb_ram[256];
  assign apb_pready = go;
  assign apb_prdata = apb_ram[apb_paddr[9:2]];
  assign apb_pslverr = apb_psel && apb_penable && apb_paddr[11:10] != 0;
  always @(posedge clk)
    if (apb_psel && apb_penable && apb_pready && apb_pwrite && !apb_pslverr)
      apb_ram[apb_paddr[9:2]] <= merge(apb_ram[apb_paddr[9:2]], apb_pwdata, apb_pstrb);

  // Register ports
  reg [31:0] plain[256], waiting[256], late[256];
  assign plain_read_data = plain_cs && !plain_we ? plain[plain_address] : 0;
  assign waiting_ready = waiting_cs && go;
  assign waiting_error = waiting_ready && waiting_address == 8'hff;
  assign waiting_read_data = waiting_ready ? waiting[waiting_address] : 0;
  reg [31:0] late_first;
  always @(posedge clk) begin
    if (plain_cs && plain_we) plain[plain_address] <= plain_write_data;
    if (waiting_cs && waiting_we && waiting_ready) waiting[waiting_address] <= waiting_write_data;
    if (late_cs && late_we) late[late_address] <= late_write_data;
    late_first <= late_cs && !late_we ? late[late_address] : 0;
    late_read_data <= late_first;
  end

  // Stream
  reg [84:0] fifo[16];
  reg [4:0] head, tail;
  reg sending;
  assign s_axis_tready = head - tail != 5'd16 && !stuck;
  assign m_axis_tvalid = sending;
  assign {m_axis_tdata, m_axis_tkeep, m_axis_tlast, m_axis_tid, m_axis_tdest, m_axis_tuser} = fifo[tail[3:0]];
  wire sent = m_axis_tvalid && m_axis_tready;
  wire [4:0] next_tail = tail + 5'(sent);
  always @(posedge clk)
    if (!rst_n) begin
      head <= 0;
      tail <= 0;
      sending <= 0;
    end else begin
      if (s_axis_tvalid && s_axis_tready) begin
        fifo[head[3:0]] <= {s_axis_tdata, s_axis_tkeep, s_axis_tlast, s_axis_tid, s_axis_tdest, s_axis_tuser};
        head <= head + 1;
      end
      tail <= next_tail;
      sending <= (sending && !sent) || (head != next_tail && go);
    end

  assign loose_axis_tdata = 0;
  always @(posedge clk) begin
    loose_irq <= loose_irq;
    loose_axis_tvalid <= loose_axis_tvalid;
  end
endmodule
